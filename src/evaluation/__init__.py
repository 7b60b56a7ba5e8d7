"""Did the municipal employment trials get people into work, what did it cost, who paid, compared with what?"""

"""Did the trials get people into work, what did it cost, who paid, and compared with what?"""

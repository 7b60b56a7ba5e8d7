"""The only reader of deliveries: files as they came, with their layout.toml.

In: raw files as delivered and their layout.toml, or a folder of files whose layout is to be guessed.
Out: parsed columns in canonical names and codes, a piece of a file after another.
Not here: raw files are never changed; no row is dropped or mended but by a wrong number of fields.
"""

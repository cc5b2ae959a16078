"""The page that `tagger ui` serves: its security, what it can be asked, and what browsers load."""

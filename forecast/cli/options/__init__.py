"""What the user may say: groups of flags, arguments, the file of settings, and what a wrong word is answered."""

"""What may be wrong with a panel, one kind of trouble a module: plain numpy, no words, no file."""

"""The nouns and the rules: no input, no output, no clock of their own."""

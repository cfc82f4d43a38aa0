"""The rule language: what a rule file may say, how it is read, checked and looked up."""

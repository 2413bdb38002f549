"""A storm of settling: many who ask for the same bill at the same moment, of several servers, over and over."""

"""A running installation is brought up to date: its data, and the old application beside the new one."""

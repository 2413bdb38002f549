"""What `xunzhen doctor` looks at, a file for each part of an installation; every finding says how to mend it."""

"""A storm: clients that write and remember, while the processes behind them are killed again and again."""

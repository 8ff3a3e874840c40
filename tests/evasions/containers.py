ROWS: tuple[()] = ()

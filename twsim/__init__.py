"""A TWS on a socket: the server side of IB's wire protocol, with a market and a book behind it."""

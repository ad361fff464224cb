//! The server: everything that talks to the network, the database and the clock.

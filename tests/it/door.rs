//! A port that is kept: whoever knocks is refused, and nobody else gets it, until it is opened.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// See above; given back when it is dropped.
pub struct Door {
    /// Where it is.
    pub addr: SocketAddr,
    socket: TcpSocket,
}

impl Door {
    /// A free port of the loopback. Another program may listen on it meanwhile, if it is told its number.
    pub fn keep() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        Self { addr: socket.local_addr().expect("an address"), socket }
    }

    /// Listens from now on.
    pub fn open(self) -> TcpListener {
        self.socket.listen(64).expect("a listener")
    }
}

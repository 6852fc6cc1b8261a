//! Packets: framing, sequence numbers, and the split at 16 MiB.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The largest payload of one frame; another frame follows a frame of this length.
const FULL_FRAME: usize = 0xFF_FFFF;

/// The longest accepted packet, so that a broken client cannot exhaust the memory.
const LONGEST: usize = 64 << 20;

/// Why a connection ended other than by `COM_QUIT`.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The client closed the connection, or its socket failed.
    #[error("connection lost")]
    Io(#[from] io::Error),
    /// The bytes do not follow the protocol.
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    /// A frame does not carry the next sequence number.
    #[error("packets out of order: expected {expected}, got {got}")]
    OutOfOrder {
        /// The expected number.
        expected: u8,
        /// The received number.
        got: u8,
    },
    /// The packet is longer than the server accepts.
    #[error("packet longer than {LONGEST} bytes")]
    TooLong,
}

/// A stream of packets in both directions.
///
/// One sequence number counts the frames of an exchange from both sides.
pub(super) struct Packets<S> {
    stream: S,
    sequence: u8,
    outgoing: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Packets<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            sequence: 0,
            outgoing: Vec::new(),
        }
    }

    /// Restarts the count from 0, as every command does.
    pub(super) fn begin_exchange(&mut self) {
        self.sequence = 0;
    }

    /// Reads the payload of one packet from any number of frames.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, WireError> {
        let mut payload = Vec::new();
        loop {
            let mut header = [0; 4];
            self.stream.read_exact(&mut header).await?;
            let [low, middle, high, got] = header;
            let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;

            let expected = self.advance();
            if got != expected {
                return Err(WireError::OutOfOrder { expected, got });
            }
            if payload.len() + length > LONGEST {
                return Err(WireError::TooLong);
            }
            // Grows with the received data: a header alone must not allocate 16 MiB.
            let frame = (&mut self.stream)
                .take(length as u64)
                .read_to_end(&mut payload)
                .await?;
            if frame < length {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if length < FULL_FRAME {
                return Ok(payload);
            }
        }
    }

    /// Adds a packet to what the next [`flush`](Self::flush) sends.
    pub(super) fn push(&mut self, payload: &[u8]) {
        let mut rest = payload;
        loop {
            let (frame, tail) = rest.split_at(rest.len().min(FULL_FRAME));
            let [low, middle, high, ..] = frame.len().to_le_bytes();
            let sequence = self.advance();
            self.outgoing
                .extend_from_slice(&[low, middle, high, sequence]);
            self.outgoing.extend_from_slice(frame);
            if frame.len() < FULL_FRAME {
                return;
            }
            rest = tail;
        }
    }

    /// Sends the added packets.
    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        self.stream.write_all(&self.outgoing).await?;
        self.stream.flush().await?;
        // A new buffer instead of a cleared one: an idle connection must not keep its largest
        // answer.
        self.outgoing = Vec::new();
        Ok(())
    }

    /// Continues the same sequence inside TLS.
    pub(super) async fn secure(
        self,
        acceptor: &TlsAcceptor,
    ) -> Result<Packets<TlsStream<S>>, WireError> {
        Ok(Packets {
            stream: acceptor.accept(self.stream).await?,
            sequence: self.sequence,
            outgoing: self.outgoing,
        })
    }

    fn advance(&mut self) -> u8 {
        let current = self.sequence;
        self.sequence = current.wrapping_add(1);
        current
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    /// Returns what a peer receives for `payload`, and the number of frames.
    async fn cross_the_wire(payload: &[u8]) -> (Vec<u8>, u8) {
        let (here, there) = duplex(1 << 20);
        let mut sender = Packets::new(here);
        let mut peer = Packets::new(there);
        sender.push(payload);
        let send = async move {
            sender.flush().await.unwrap();
            // Closes the stream, so that a missing frame causes an error instead of an endless
            // wait.
            drop(sender);
        };
        let ((), arrived) = tokio::join!(send, peer.receive());
        (arrived.unwrap(), peer.sequence)
    }

    /// Returns the receiver's result for raw bytes before the sender closes.
    async fn receive_raw(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
        let (mut here, there) = duplex(1 << 10);
        here.write_all(bytes).await.unwrap();
        drop(here);
        Packets::new(there).receive().await
    }

    #[tokio::test]
    async fn a_short_payload_takes_one_frame() {
        assert_eq!(cross_the_wire(b"select 1").await, (b"select 1".to_vec(), 1));
    }

    #[tokio::test]
    async fn an_empty_payload_is_a_packet_too() {
        assert_eq!(cross_the_wire(b"").await, (Vec::new(), 1));
    }

    #[tokio::test]
    async fn a_payload_one_byte_short_of_a_full_frame_takes_one_frame() {
        let payload = vec![7; FULL_FRAME - 1];
        assert_eq!(cross_the_wire(&payload).await, (payload, 1));
    }

    #[tokio::test]
    async fn a_payload_of_exactly_a_full_frame_is_closed_by_an_empty_frame() {
        let payload = vec![7; FULL_FRAME];
        assert_eq!(cross_the_wire(&payload).await, (payload, 2));
    }

    #[tokio::test]
    async fn a_payload_of_two_frames_and_a_half_arrives_whole() {
        let payload: Vec<u8> = (0..=250).cycle().take(FULL_FRAME * 2 + 99).collect();
        assert_eq!(cross_the_wire(&payload).await, (payload, 3));
    }

    #[tokio::test]
    async fn a_frame_out_of_sequence_is_refused() {
        let refused = receive_raw(&[1, 0, 0, 5, b'x']).await;
        assert!(matches!(
            refused,
            Err(WireError::OutOfOrder {
                expected: 0,
                got: 5
            })
        ));
    }

    #[tokio::test]
    async fn a_frame_cut_short_is_refused() {
        let refused = receive_raw(&[9, 0, 0, 0, b'x']).await;
        assert!(matches!(refused, Err(WireError::Io(_))));
    }

    #[tokio::test]
    async fn a_packet_beyond_the_limit_is_refused() {
        let (here, there) = duplex(1 << 20);
        let mut sender = Packets::new(here);
        let mut peer = Packets::new(there);
        sender.push(&vec![0; LONGEST + 1]);
        // The data that the peer leaves unread is short enough to be sent nevertheless.
        let (_, refused) = tokio::join!(sender.flush(), peer.receive());
        assert!(matches!(refused, Err(WireError::TooLong)));
    }
}

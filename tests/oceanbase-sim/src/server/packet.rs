//! Packets: framing, sequence numbers, and the split at 16 MiB.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The largest payload of one frame; a frame this long is followed by another one.
const FULL_FRAME: usize = 0xFF_FFFF;

/// The longest packet taken from a client, so that a broken one can not fill the memory.
const LONGEST: usize = 64 << 20;

/// Why a connection ended other than by `COM_QUIT`.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The client went away, or its socket failed.
    #[error("connection lost")]
    Io(#[from] io::Error),
    /// The bytes do not follow the protocol.
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    /// A frame does not carry the next sequence number.
    #[error("packets out of order: expected {expected}, got {got}")]
    OutOfOrder {
        /// The number that was due.
        expected: u8,
        /// The number that came.
        got: u8,
    },
    /// The packet is longer than the server takes.
    #[error("packet longer than {LONGEST} bytes")]
    TooLong,
}

/// A stream of packets in both directions.
///
/// One sequence number counts the frames of an exchange, whoever sends them.
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

    /// Starts to count from 0 again, as every command does.
    pub(super) fn begin_exchange(&mut self) {
        self.sequence = 0;
    }

    /// Reads the payload of one packet, however many frames it comes in.
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
            // Grows with what arrives: a header alone must not cost 16 MiB.
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

    /// Sends what was pushed.
    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        self.stream.write_all(&self.outgoing).await?;
        self.stream.flush().await?;
        // A new buffer, not a cleared one: an idle connection need not keep its largest answer.
        self.outgoing = Vec::new();
        Ok(())
    }

    /// Goes on with the same sequence inside TLS.
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

    /// What a peer receives when `payload` is pushed, and how many frames it took.
    async fn cross_the_wire(payload: &[u8]) -> (Vec<u8>, u8) {
        let (here, there) = duplex(1 << 20);
        let mut sender = Packets::new(here);
        let mut peer = Packets::new(there);
        sender.push(payload);
        let send = async move {
            sender.flush().await.unwrap();
            // Closes the stream, so that a frame too few is an error and not a wait without end.
            drop(sender);
        };
        let ((), arrived) = tokio::join!(send, peer.receive());
        (arrived.unwrap(), peer.sequence)
    }

    /// What the receiver says to raw bytes after which the sender closes.
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
        // What the peer leaves unread is short enough to be sent all the same.
        let (_, refused) = tokio::join!(sender.flush(), peer.receive());
        assert!(matches!(refused, Err(WireError::TooLong)));
    }
}

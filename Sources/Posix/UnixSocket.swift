import CPosix
import Glibc

/// A stream connection over a Unix socket, or a socket that waits for such. Nothing here blocks longer than its deadline.
public struct UnixSocket: ~Copyable, Sendable {
    /// Who is at the other end.
    public struct Peer: Equatable, Sendable {
        /// The process, as this process's pid namespace counts; 0 when it cannot be seen from here.
        public let pid: Int32
        /// Its user.
        public let user: UInt32
    }

    /// The descriptor.
    public let descriptor: Int32

    /// Takes a descriptor over.
    public init(owning descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to the socket at a path.
    public init(connectingTo path: String) throws(PosixError) {
        let fd = cposix_unix_connect(path)
        guard fd >= 0 else { throw PosixError("connect to", path, code: -fd) }
        descriptor = fd
    }

    /// Listens on a new socket at a path, in place of an old one. Its directory must be there.
    public init(listeningAt path: String, mode: UInt32) throws(PosixError) {
        let fd = cposix_unix_listen(path, mode)
        guard fd >= 0 else { throw PosixError("listen on", path, code: -fd) }
        descriptor = fd
    }

    deinit { close(descriptor) }

    /// Who is at the other end; for a client, whoever listened there.
    public var peer: Peer? {
        var pid: pid_t = 0
        var user: uid_t = 0
        return cposix_peer(descriptor, &pid, &user) == 0 ? Peer(pid: pid, user: user) : nil
    }

    /// Waits for a connection; nil when there is none until the deadline.
    public func accept(until deadline: MonotonicTime) throws(PosixError) -> UnixSocket? {
        guard try wait(for: Int16(POLLIN), until: deadline) else { return nil }
        let fd = cposix_accept(descriptor)
        if fd >= 0 { return UnixSocket(owning: fd) }
        // The other side may be gone again.
        if [EAGAIN, EINTR, ECONNABORTED].contains(-fd) { return nil }
        throw PosixError("accept a connection", code: -fd)
    }

    /// Sends all bytes, then says that there are no more.
    public func send(_ bytes: [UInt8], until deadline: MonotonicTime) throws(PosixError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                guard try wait(for: Int16(POLLOUT), until: deadline) else {
                    throw PosixError("send", code: ETIMEDOUT)
                }
            } else if errno != EINTR {
                throw PosixError("send", code: errno)
            }
        }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Receives until the other side says that there is no more; more than `limit` bytes are an error.
    public func receive(limit: Int, until deadline: MonotonicTime) throws(PosixError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return bytes }
            if count > 0 {
                bytes.append(contentsOf: buffer.prefix(count))
                if bytes.count > limit { throw PosixError("receive", code: EFBIG) }
            } else if errno == EAGAIN {
                guard try wait(for: Int16(POLLIN), until: deadline) else {
                    throw PosixError("receive", code: ETIMEDOUT)
                }
            } else if errno != EINTR {
                throw PosixError("receive", code: errno)
            }
        }
    }

    /// Waits until the descriptor is ready; false at the deadline.
    private func wait(for events: Int16, until deadline: MonotonicTime) throws(PosixError) -> Bool {
        while true {
            var polled = pollfd(fd: descriptor, events: events, revents: 0)
            let left = deadline.millisecondsLeft
            let ready = poll(&polled, 1, Int32(min(left, 1 << 30)))
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { throw PosixError("wait for a socket", code: errno) }
            if left == 0 { return false }
        }
    }
}

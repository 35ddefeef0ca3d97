import Glibc
import Posix

/// An address on this machine that answers no attempt to connect: a socket whose queue is full.
///
/// The kernel drops what comes to it, as a distant machine does that is not there; no address of a network is needed
/// that might be somebody's.
final class BlackHole: Sendable {
    let url: String
    private let descriptors: [Int32]

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var descriptors = [listener]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                var code = bind(listener, generic, length)
                if code == 0 { code = listen(listener, 0) }
                if code == 0 { code = getsockname(listener, generic, &length) }
                // The first ones are let in, and wait for ever; then there is no room.
                for _ in 0..<8 where code == 0 {
                    let type =
                        Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
                    let guest = socket(AF_INET, type, 0)
                    descriptors.append(guest)
                    _ = connect(guest, generic, length)
                }
                return code
            }
        }
        self.descriptors = descriptors
        guard code == 0 else { throw PosixError("listen", "127.0.0.1", code: errno) }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit { descriptors.forEach { close($0) } }
}

import Glibc

/// An address that a distfile is fetched from, as far as it says where the service would be sent.
///
/// Whoever sends an ebuild chooses its addresses, and the service may reach what its clients cannot: itself, and the network
/// that it is in. What a name stands for is looked at where the file is fetched (``FetchScript``).
struct SourceAddress: Equatable, Sendable {
    /// In lower case.
    let scheme: String
    /// The host in lower case, without brackets and port; for `mirror` the name of a list of mirrors. Empty when there is
    /// none, or programs may not agree on what it is.
    let host: String

    /// Takes an address apart, with the `mirror+` or `fetch+` that EAPI 8 allows before it; nil when it is none.
    init?(_ uri: String) {
        guard uri.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), let mark = uri.firstRange(of: "://") else { return nil }
        var scheme = uri[..<mark.lowerBound].lowercased()[...]
        for prefix in ["mirror+", "fetch+"] where scheme.hasPrefix(prefix) { scheme = scheme.dropFirst(prefix.count) }
        guard Self.schemes.contains(String(scheme)) else { return nil }
        self.scheme = String(scheme)
        let place = uri[mark.upperBound...].prefix { !"/?#".contains($0) }
        var host = place.contains { "@\\%".contains($0) } ? "" : place.lowercased()[...]
        if host.hasPrefix("[") {
            host = host.dropFirst().prefix { $0 != "]" }
        } else if let colon = host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        while host.hasSuffix(".") { host = host.dropLast() }
        self.host = String(host)
    }

    private static let schemes: Set<String> = ["http", "https", "ftp", "ftps", "mirror", "rsync", "sftp", "ssh"]
    private static let innerNames = ["localhost", "localdomain", "local", "internal", "home.arpa"]

    /// What the host is, if no client may send the service there; nil if one may.
    ///
    /// - Parameter allowed: hosts that the administrator named.
    func innerHost(allowed: Set<String>) -> String? {
        if scheme == "mirror" || allowed.contains(host) { return nil }
        if host.isEmpty { return "not written plainly" }
        // Also the old ways of writing: 127.1, 0x7f000001.
        var four = in_addr()
        if inet_aton(host, &four) != 0 { return Self.kind(ofIPv4: UInt32(bigEndian: four.s_addr)) }
        var six = in6_addr()
        if inet_pton(AF_INET6, String(host.prefix { $0 != "%" }), &six) == 1 {
            return Self.kind(ofIPv6: withUnsafeBytes(of: six) { Array($0) })
        }
        if !host.contains(".") { return "a name of a local network" }
        return Self.innerNames.contains { host.hasSuffix(".\($0)") } ? "a name of a local network" : nil
    }

    private static let loopback = "an address of the service's own machine"
    private static let nearby = "an address of a local network"

    private static func kind(ofIPv4 address: UInt32) -> String? {
        let inner: [(UInt32, Int)] = [
            (0x0a00_0000, 8), (0x6440_0000, 10), (0xa9fe_0000, 16), (0xac10_0000, 12), (0xc000_0000, 24),
            (0xc0a8_0000, 16), (0xc612_0000, 15), (0xe000_0000, 3),
        ]
        if address >> 24 == 127 || address >> 24 == 0 { return loopback }
        return inner.contains { address >> UInt32(32 - $0.1) == $0.0 >> UInt32(32 - $0.1) } ? nearby : nil
    }

    private static func kind(ofIPv6 bytes: [UInt8]) -> String? {
        func four(at place: Int) -> String? {
            kind(ofIPv4: bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        if zeros >= 15, bytes[15] <= 1 { return loopback }
        // Those that stand for one of the old kind.
        if zeros >= 12 || (zeros == 10 && bytes[10] == 0xff && bytes[11] == 0xff) { return four(at: 12) }
        if bytes[0..<12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] { return four(at: 12) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return four(at: 2) }
        let isNearby = bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0x80 == 0x80) || bytes[0] == 0xff
        return isNearby ? nearby : nil
    }
}

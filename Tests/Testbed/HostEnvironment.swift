import Posix

/// The environment of this process, as far as the testbed lets it through.
enum HostEnvironment {
    /// All variables. A name that occurs twice has its first value.
    static let all: [String: String] = {
        let text = (try? Files.read("/proc/self/environ", limit: 16 << 20)) ?? []
        let pairs = text.split(separator: 0).compactMap { entry -> (String, String)? in
            let parts = entry.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }()

    /// A variable that is set and not empty.
    static func value(_ name: String) -> String? {
        guard let value = all[name], !value.isEmpty else { return nil }
        return value
    }

    /// What pip needs to find its index: its own settings, proxies and certificates.
    static var forPip: [String: String] {
        let names = ["HOME", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
        let prefixes = ["PIP_", "SSL_", "REQUESTS_", "XDG_CONFIG"]
        return all.filter { name, _ in names.contains(name) || prefixes.contains { name.hasPrefix($0) } }
    }
}

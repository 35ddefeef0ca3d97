/// One server of a host list, as distcc reads it.
public struct Host: Equatable, Sendable {
    /// How a server is reached.
    public enum Way: Equatable, Sendable {
        /// This machine; distcc never sends anything there.
        case local
        /// A distccd.
        case tcp(name: String, port: Int)
        /// A login.
        case ssh(name: String)
    }

    /// The word in the list; distcc's log names the server by it.
    public let text: String
    /// How it is reached.
    public let way: Way

    /// distcc's port when none is given.
    public static let defaultPort = 3632

    /// Reads one word of a host list: `NAME[/SLOTS][:PORT][/SLOTS][,OPTION…]`, `[ADDRESS]…`, `[USER]@NAME…` or
    /// `localhost[/SLOTS]`. Nil for what distcc would refuse, and for names that could lead out of its directory.
    public init?(_ word: some StringProtocol) {
        text = String(word)
        var rest = text[...]
        if rest == "localhost" || rest.hasPrefix("localhost/") {
            way = .local
            return
        }
        let at = rest.firstIndex(of: "@")
        if let at { rest = rest[rest.index(after: at)...] }
        let name: Substring
        if at == nil, rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            name = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
        } else {
            name = rest.prefix { !"/:,".contains($0) }
            rest = rest[name.endIndex...]
        }
        guard !name.isEmpty, name != "..", name.utf8.count <= 255,
            name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f && $0 != "/" })
        else { return nil }
        rest = Self.withoutSlots(rest)
        if at != nil {
            way = .ssh(name: String(name))
            return
        }
        var port = Self.defaultPort
        if rest.first == ":" {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number <= 65535 else { return nil }
            port = number
            rest = Self.withoutSlots(rest[digits.endIndex...])
        }
        guard rest.isEmpty || rest.first == "," else { return nil }
        way = .tcp(name: String(name), port: port)
    }

    private static func withoutSlots(_ text: Substring) -> Substring {
        guard text.first == "/" else { return text }
        return text[text.dropFirst().prefix { $0.isASCII && $0.isNumber }.endIndex...]
    }

    /// The name of the file that keeps distcc from using the server for a while; nil for this machine.
    public var markName: String? {
        switch way {
        case .local: nil
        case .tcp(let name, let port): "backoff_tcp_\(name)_\(port)_0"
        case .ssh(let name): "backoff_ssh_\(name)_0"
        }
    }
}

/// distcc's host list: DISTCC_HOSTS, or the file `hosts`.
public struct HostList: Equatable, Sendable {
    /// The servers, in the list's order; a server that occurs twice is there twice.
    public private(set) var hosts: [Host] = []
    /// How many compilers distcc runs at a time on this machine.
    public private(set) var localSlots = 4
    /// Words that distcc would refuse.
    public private(set) var unknown: [String] = []

    /// Reads a list. `#` begins a comment.
    public init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            for word in line.prefix(while: { $0 != "#" }).split(whereSeparator: \.isWhitespace) {
                if word.hasPrefix("--localslots_cpp") || word.hasPrefix("--randomize") || word == "+zeroconf" {
                    continue
                }
                if word.hasPrefix("--localslots") {
                    let digits = word.dropFirst("--localslots".count).dropFirst()
                    if let number = Int(digits), (1...1000).contains(number) { localSlots = number }
                } else if let host = Host(word) {
                    hosts.append(host)
                } else {
                    unknown.append(String(word))
                }
            }
        }
    }
}

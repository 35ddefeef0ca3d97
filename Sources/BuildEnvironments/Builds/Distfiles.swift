import Posix

/// Where the distfiles of a build are kept.
///
/// What is fetched for everybody goes to one directory. What is fetched for a request that a trust domain sent something of
/// goes to a directory of that domain, which no build of others sees: its names and digests are the domain's word.
struct Distfiles: Equatable, Sendable {
    /// Where the own directory appears inside.
    static let ownPlace = "/distfiles"

    /// DISTDIR of this machine; it appears at the same place inside.
    let common: String
    /// The directory of the trust domain whose build it is; nil for a build that is everybody's.
    var own: String?

    /// The directories of a build.
    ///
    /// - Parameters:
    ///   - common: DISTDIR of this machine.
    ///   - trustDomain: whose the build is alone; nil for everybody's.
    ///   - state: the service's own directory.
    init(common: String, trustDomain: String? = nil, state: String) {
        self.common = common
        own = trustDomain.map { "\(state)/\(OwnDistfiles.place)/\(OwnDistfiles.name(of: $0))" }
    }

    /// The directory that is written to.
    var written: String { own ?? common }
    /// DISTDIR as seen inside.
    var place: String { own == nil ? common : Self.ownPlace }
    /// Directories that Portage takes files from, without writing there; as seen inside.
    var readOnlyPlaces: [String] { own == nil ? [] : [common] }

    /// Makes the own directory, below one that only the service looks into.
    func makeOwn() throws(PosixError) {
        guard let own else { return }
        try Files.makeDirectories(String(own[..<(own.lastIndex(of: "/") ?? own.endIndex)]), mode: 0o700)
        try Files.makeDirectories(own)
    }

    /// The same for what is made for everybody.
    var forEverybody: Distfiles {
        var result = self
        result.own = nil
        return result
    }
}

/// Where the distfiles of trust domains are.
public enum OwnDistfiles {
    /// The directory that has a directory for each of them, below the service's own.
    public static let place = "own-distfiles"

    /// A trust domain as the name of a directory.
    public static func name(of domain: String) -> String {
        let isPlain =
            !domain.isEmpty && !domain.hasPrefix(".")
            && domain.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
        return isPlain ? domain : "=" + domain.utf8.map { String($0, radix: 16) }.joined(separator: ".")
    }
}

import Posix

/// The testbed's Python index and release server, on loopback.
public struct ReleaseServer: Sendable {
    /// The running program.
    public let process: BackgroundProcess
    /// Its address, without a slash at the end.
    public let url: String

    /// The simple index.
    public var index: String { url + "/simple/" }
    /// The release API.
    public var api: String { url + "/api" }

    /// Ends it.
    public func stop() async throws { try await process.stop() }
}

extension Machine {
    /// Starts the server, and lets this machine's Portage fetch from it.
    ///
    /// - Parameter folder: what it serves; by default the testbed's own projects.
    public func startReleaseServer(folder: String = Testbed.releases) async throws -> ReleaseServer {
        let process = try await start([Testbed.scripts + "/release-server", folder])
        guard await process.waitForLog("listening "),
            let port = process.log.split(separator: "\n").lazy.compactMap({ line -> Int? in
                line.hasPrefix("listening ") ? Int(line.dropFirst("listening ".count)) : nil
            }).first
        else {
            let log = process.log
            try await process.stop()
            throw TestbedError.command("release-server", reason: log)
        }
        try append(
            "etc/portage/make.conf",
            """
            DISTDIR="\(prefix)/var/cache/distfiles"
            PORTAGE_RO_DISTDIRS="\(testbed.distfiles)"
            FETCHCOMMAND="/usr/bin/python3 -c 'import sys, urllib.request as r; r.urlretrieve(*sys.argv[1:])' \
            \\"\\${URI}\\" \\"\\${DISTDIR}/\\${FILE}\\""
            RESUMECOMMAND="${FETCHCOMMAND}"
            ACCEPT_KEYWORDS="~*"

            """)
        return ReleaseServer(process: process, url: "http://127.0.0.1:\(port)")
    }
}

extension Machine {
    /// Writes a `pypi.eclass` for this server's index into a repository on the machine, as the tree has one for its own.
    ///
    /// - Parameter repository: a path below EPREFIX.
    public func writePypiEclass(of server: ReleaseServer, into repository: String) throws {
        let text = try Files.readText(Testbed.fixtures + "/pypi.eclass")
        try write(repository + "/eclass/pypi.eclass", text.replacing("@SERVER@", with: server.url))
    }
}

extension Testbed {
    /// The projects that the release server serves.
    public static let releases = scripts + "/Releases"
}

import AgentProtocol
import BinpkgModel
import Glibc
import PortageAPI
import Posix
import PythonBridge
import Testbed
import Testing

@testable import BinpkgClient

/// A Portage that gives prepared answers. `unpack_package` writes one file into the image.
actor FakePortage: PythonTransport {
    private let answers: [String: String]
    private(set) var calls: [String] = []

    init(_ answers: [String: String]) { self.answers = answers }

    func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
        calls.append(function)
        guard let answer = answers[function] else {
            throw .raised(type: "AssertionError", message: "no answer to \(function)", output: "")
        }
        if answer.hasPrefix("raise ") {
            throw .raised(type: "OSError", message: String(answer.dropFirst(6)), output: "")
        }
        return Array(answer.utf8)
    }

    func close() async {}
}

/// A machine's files, made for one test: an ebuild with all that can belong to it, below a directory of its own.
struct FakeMachine {
    private let scratch: ScratchDirectory
    var root: String { scratch.path }
    let bytes: [String: String] = [
        "repo/dev-demo/alpha/alpha-1.0.ebuild": "EAPI=8\n",
        "repo/eclass/demo.eclass": "# demo\n",
        "repo/dev-demo/spin/spin-3.ebuild": "EAPI=8\nSLOT=0\n",
        "repo/dev-demo/alpha/files/a/fix.patch": "--- a\n",
        "repo/dev-demo/alpha/Manifest": "DIST alpha-1.0.tar.gz 1 SHA512 0\n",
        "etc/patches/dev-demo/alpha/1.patch": "--- b\n",
        "etc/env/dev-demo/alpha": "A=1\n",
        "etc/bashrc": "f() { :; }\n. \"/usr/share/portmanteau/hooks/bashrc\" # portmanteau\n",
        "etc/ours": ". /usr/share/portmanteau/hooks/bashrc\n\n",
    ]

    init() throws {
        scratch = try ScratchDirectory()
        for (name, text) in bytes {
            let path = root + "/" + name
            try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
            try Files.replace(path, with: Array(text.utf8))
        }
        try Files.makeDirectories(root + "/var/cache/portmanteau")
        try Files.makeDirectories(root + "/tmp")
    }

    /// Portage's answer about dev-demo/alpha-1.0.
    var keyInputs: String {
        """
        {"cpv": "dev-demo/alpha-1.0", "repository": "demo", "eapi": "8", "slot": "0", "subSlot": "2",
        "ebuild": "\(root)/repo/dev-demo/alpha/alpha-1.0.ebuild",
        "eclasses": [{"name": "demo", "path": "\(root)/repo/eclass/demo.eclass"}],
        "files": [{"name": "a/fix.patch", "path": "\(root)/repo/dev-demo/alpha/files/a/fix.patch"}],
        "manifest": "\(root)/repo/dev-demo/alpha/Manifest",
        "patches": [{"name": "dev-demo/alpha/1.patch", "path": "\(root)/etc/patches/dev-demo/alpha/1.patch"}],
        "bashrcs": [{"name": "profile:demo/profiles/x/profile.bashrc", "path": "\(root)/etc/ours"},
        {"name": "user:bashrc", "path": "\(root)/etc/bashrc"}],
        "envs": [{"name": "dev-demo/alpha", "path": "\(root)/etc/env/dev-demo/alpha"}],
        "use": ["doc", "x86"], "iuse": ["doc", "nls"], "chost": "x86_64-pc-linux-gnu", "cbuild": "x86_64-pc-linux-gnu",
        "eprefix": "\(root)", "tmpdir": "\(root)/tmp/", "variables": {"CFLAGS": "-O2  -pipe", "CC": ""},
        "features": ["nodoc", "sandbox"], "profiles": ["/p"], "profileDigest": "d1",
        "acceptedKeywords": [], "sources": [], "properties": [], "restrict": [], "toolchain": [], "unsatisfied": [],
        "dependencyEbuilds": [{"cpv": "dev-demo/spin-3", "repository": "demo", "slot": "0", "subSlot": "1", "use": ["fast"],
        "ebuild": "\(root)/repo/dev-demo/spin/spin-3.ebuild", "manifest": null, "files": [],
        "eclasses": [{"name": "demo", "path": "\(root)/repo/eclass/demo.eclass"}]}],
        "buildDependencies": [{"cpv": "dev-demo/gen-2", "slot": "0", "subSlot": "0", "use": ["a"], "repository": "demo"}],
        "libc": "sys-libs/glibc-2.40"}
        """
    }

    /// The phase that asks.
    func setup(service: String, policy: String = "wait:5", changing: [String: String] = [:]) -> SetupRequest {
        let fields = [
            "EPREFIX": root, "CATEGORY": "dev-demo", "PF": "alpha-1.0", "PN": "alpha", "EAPI": "8", "SLOT": "0/2",
            "PORTAGE_REPO_NAME": "demo", "EBUILD": root + "/repo/dev-demo/alpha/alpha-1.0.ebuild",
            "PORTAGE_TMPDIR": root + "/tmp", "USE": "doc x86", "FEATURES": "nodoc test sandbox",
            "CHOST": "x86_64-pc-linux-gnu", "CFLAGS": "-O2 -g", "LDFLAGS": "", "BINPKG_SERVICE": service,
            "BINPKG_POLICY": policy, "BINPKG_ACCURACY": "abi",
        ]
        return SetupRequest(fields: fields.merging(changing) { $1 })
    }

    /// What Portage says of the package file that the service sends.
    static let metadata = """
        {"cpv": "dev-demo/alpha-1.0", "fields": {"EAPI": "8", "SLOT": "0/2", "CHOST": "x86_64-pc-linux-gnu",
        "IUSE": "+nls doc", "USE": "doc x86 elibc_glibc", "RDEPEND": "dev-demo/gen:0/0="}}
        """

    /// A Portage that accepts every package.
    func portage(changing: [String: String] = [:]) -> FakePortage {
        let answers = [
            "key_inputs": keyInputs, "check_package": Self.metadata, "unpack_package": Self.metadata,
            "sub_slot_differences": "[]", "settings": "{}",
        ]
        return FakePortage(answers.merging(changing) { $1 })
    }
}

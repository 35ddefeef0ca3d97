import Glibc
import Posix
import Subprocess

/// The template is what machines are copied from. It has a key over all that made it, is made once, under a lock, and
/// appears by one rename; so parallel tests and programs share it.
extension Testbed {
    func templateFolder(_ key: String) -> String { root + "/templates/" + key }

    /// Makes the template of the current fixtures when it is not there, and returns its key.
    public func template() async throws -> String {
        try checkHost()
        let key = try templateKey()
        let folder = templateFolder(key)
        if Files.exists(folder) { return key }
        for name in ["prefix", "repos", "distfiles", "tools", "run", "machines", "templates"] {
            try Files.makeDirectories(root + "/" + name)
            // Whatever the umask: the portage user must get through.
            chmod(root + "/" + name, 0o755)
        }
        chmod(root, 0o755)
        while true {
            if let lock = try FileLock(tryingPath: root + "/lock") {
                if !Files.exists(folder) { try await makeTemplate(key) }
                _ = consume lock
                return key
            }
            try await Task.sleep(for: .milliseconds(50))
            if Files.exists(folder) { return key }
        }
    }

    private func makeTemplate(_ key: String) async throws {
        let new = templateFolder(key) + ".new"
        try Files.removeTree(new)
        for name in ["prefix", "repos", "distfiles", "tools"] { try Files.makeDirectories(new + "/" + name) }
        var environment = HostEnvironment.forPip
        environment["PATH"] = "\(prefix)/bin:\(tools):\(Machine.hostPath)"
        environment["LANG"] = "C.UTF-8"
        environment["PIP_NO_CACHE_DIR"] = "1"
        environment["TESTBED_MAKING"] = "1"
        let output = try await Command.run(
            Command.entering(
                self, folder: new + "/prefix", template: new, run: "template-\(getpid())",
                command: [Self.scripts + "/make-template", root, Self.fixtures]),
            environment: environment, run: "template-\(getpid())", timeout: .seconds(600))
        guard output.succeeded else {
            throw TestbedError.template(String(output.text.suffix(4000)))
        }
        try removeUnusedTemplates()
        try Files.move(new, to: templateFolder(key))
    }

    /// Removes templates that no machine stands on.
    private func removeUnusedTemplates() throws {
        let used = Set(machineNames().compactMap { try? existingMachine($0).template })
        for key in try Files.list(root + "/templates") where !used.contains(key) && !key.hasSuffix(".new") {
            try Files.removeTree(templateFolder(key))
        }
    }

    /// What the template must have on this host.
    private func checkHost() throws(TestbedError) {
        guard geteuid() == 0 else { throw .hostNotReady("mount namespaces and the portage user need root") }
        guard getgrnam("portage") != nil, getpwnam("portage") != nil else {
            throw .hostNotReady("there is no user and group 'portage'")
        }
        for path in ["/usr/bin/python3", "/usr/bin/gcc", "/usr/bin/unshare", "/usr/bin/make", "/usr/bin/xz"]
        where !Files.exists(path) {
            throw .hostNotReady("\(path) is missing")
        }
    }

    /// A key over the fixtures, the scripts, the bound path and the Python of this host (FNV-1a, 64 bits).
    private func templateKey() throws -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x100_0000_01b3
        }
        func add(tree path: String) throws {
            add(path.utf8)
            if Files.status(path)?.isDirectory == true {
                for name in try Files.list(path) { try add(tree: path + "/" + name) }
            } else {
                add(try Files.read(path))
            }
        }
        add(root.utf8)
        try add(tree: Self.fixtures)
        try add(tree: Self.scripts + "/enter")
        try add(tree: Self.scripts + "/make-template")
        add((realPath("/usr/bin/python3") ?? "").utf8)
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// The path with all links resolved; nil when there is none.
func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}

import Glibc
import Posix

/// `portage-hook enable`, `disable` and `status`, called by the user.
struct ManagementCommand {
    let context: HookContext
    private let name: String
    private var prefix: String?
    private var wantsJSON = false
    private var mistake: String?

    init(_ arguments: [String], context: HookContext) {
        self.context = context
        name = arguments.first ?? ""
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            if argument == "--json", name == "status" {
                wantsJSON = true
            } else if argument.hasPrefix("--eprefix=") {
                prefix = String(argument.dropFirst("--eprefix=".count))
            } else if argument == "--eprefix", let value = rest.popFirst() {
                prefix = value
            } else {
                mistake = argument
            }
        }
    }

    func run() -> Int32 {
        if let mistake { return fail("does not understand \(mistake.printable); see portage-hook --help") }
        guard let layout = InstallLayout(prefix: prefix ?? Self.installedPrefix()) else {
            return fail("--eprefix takes an absolute path")
        }
        switch name {
        case "enable": return enable(layout)
        case "disable": return disable(layout)
        default: return HooksStatus(layout: layout).report(asJSON: wantsJSON, context: context)
        }
    }

    /// The prefix that this program was installed in, from the path that started it; else that of the environment.
    private static func installedPrefix() -> String {
        let program = CommandLine.arguments.first ?? ""
        let end = "/usr/libexec/portmanteau/portage-hook"
        if program.hasPrefix("/"), program.hasSuffix(end) { return String(program.dropLast(end.count)) }
        return getenv("EPREFIX").map { String(cString: $0) } ?? ""
    }

    private func enable(_ layout: InstallLayout) -> Int32 {
        guard Files.exists(layout.bashrc) else {
            return fail("\(layout.bashrc.printable) is not there; is Portmanteau installed below this prefix?")
        }
        return edit(layout, done: "hooks enabled in", unchanged: "hooks are enabled already in") { file in
            guard !file.endsInContinuation || file.find(hooks: layout.bashrc) != nil else {
                return nil
            }
            return file.enabled(hooks: layout.bashrc)
        }
    }

    private func disable(_ layout: InstallLayout) -> Int32 {
        edit(layout, done: "hooks disabled in", unchanged: "hooks are not enabled in") {
            $0.disabled(hooks: layout.bashrc)
        }
    }

    /// Changes the user's bashrc, with mode and owner kept; `change` returns nil when that is not possible.
    private func edit(
        _ layout: InstallLayout, done: String, unchanged: String, change: (UserBashrc) -> UserBashrc?
    ) -> Int32 {
        let path = Self.target(of: layout.userBashrc)
        do throws(PosixError) {
            let status = Files.status(path)
            if let status, !status.isRegular { return fail("\(path.printable) is not a regular file") }
            let old = UserBashrc(bytes: status == nil ? nil : try Files.read(path, limit: 16 << 20))
            guard let new = change(old) else {
                return fail("\(path.printable) ends in a backslash, which would swallow the line; end its last command")
            }
            guard new != old else {
                context.output("\(unchanged) \(layout.userBashrc.printable)\n")
                return 0
            }
            if let bytes = new.bytes {
                if status == nil { try Files.makeDirectories(layout.prefix + "/etc/portage") }
                try Self.replace(path, with: bytes, like: status)
            } else {
                try Files.removeTree(path)
            }
        } catch {
            return fail(error.description)
        }
        context.output("\(done) \(layout.userBashrc.printable)\n")
        return 0
    }

    /// Where a link leads, so that the link stays; the path itself when it is none.
    private static func target(of path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func replace(_ path: String, with bytes: [UInt8], like old: Files.Status?) throws(PosixError) {
        guard let old else { return try Files.replace(path, with: bytes) }
        var raw = stat()
        guard stat(path, &raw) == 0 else { throw PosixError("read", path, code: errno) }
        // Written beside the file with its owner, then renamed: nobody sees it half written or with another owner.
        let temporary = path + ".portmanteau-\(getpid())"
        try Files.replace(temporary, with: bytes, mode: old.mode & 0o7777)
        if raw.st_uid != getuid() || raw.st_gid != getgid() {
            guard chown(temporary, raw.st_uid, raw.st_gid) == 0, chmod(temporary, old.mode & 0o7777) == 0 else {
                let code = errno
                unlink(temporary)
                throw PosixError("change the owner of", path, code: code)
            }
        }
        try Files.move(temporary, to: path)
    }

    private func fail(_ reason: String) -> Int32 {
        context.say("portage-hook \(name): \(reason)")
        return 2
    }
}

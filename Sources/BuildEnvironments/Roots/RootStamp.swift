import BinpkgModel
import Posix
import Sandbox

/// What is installed in a root and how its Portage is configured at one moment, to notice that it became something else.
///
/// Portage makes a new directory for every package that it merges, and counts merges. While it works on a package, the
/// directory's name begins with `-MERGING-`.
struct RootStamp: Equatable, Sendable {
    /// Lines of `CATEGORY/PF TIME`, of `etc/portage/FILE TIME`, and of Portage's counter.
    let lines: Set<String>

    /// Reads it in a root that was mounted just now, so that no cache answers.
    static func read(_ root: MountedRoot, eprefix: String, workspace: String) async throws(BuildError) -> RootStamp {
        let layout = try RootLayout.prepare(root, workspace: workspace, needed: [eprefix], secret: [], isOpen: true)
        var sandbox = layout.sandbox
        sandbox.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
        let output = ByteCollector()
        let code: Int32
        do {
            code = try await sandbox.run(["/bin/bash", "-c", script, "stamp", eprefix], seconds: 600) {
                await output.append($0)
            }
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .failed(reason: "\(error)")
        }
        let text = String(decoding: await output.bytes, as: UTF8.self)
        guard code == 0 else {
            let reason = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "code \(code)"
            throw .failed(reason: "cannot read what is installed in the root: \(reason)")
        }
        return RootStamp(text: text)
    }

    /// A stamp of what the script printed; what others wrote in between has no mark.
    init(text: String) {
        lines = Set(text.split(separator: "\n").filter { $0.hasPrefix("= ") }.map { String($0.dropFirst(2)) })
    }

    private static let script = #"""
        set -e
        cd -- "$1/var/db/pkg"
        find . -mindepth 2 -maxdepth 2 -type d -printf '= %P %T@\n'
        find ../../../etc/portage -type d ! -readable -prune -o ! -type d -printf '= etc/portage/%P %T@%l\n' 2> /dev/null || :
        printf '= etc/portage/make.profile %s\n' "$(readlink -- "$1/etc/portage/make.profile")"
        [[ ! -e $1/var/cache/edb/counter ]] || printf '= counter %s\n' "$(< "$1/var/cache/edb/counter")"
        """#

    /// A package that is being merged, if there is one.
    var merging: String? {
        lines.compactMap { line in
            guard let mark = line.firstRange(of: "/-MERGING-") else { return nil }
            return line[..<mark.lowerBound] + "/" + line[mark.upperBound...].prefix { $0 != " " }
        }.min()
    }

    /// What makes two stamps differ, for people; nil when nothing does.
    func change(to later: RootStamp) -> String? {
        if let package = merging ?? later.merging { return "\(package) is being merged" }
        let names = lines.symmetricDifference(later.lines).map { $0.prefix { $0 != " " } }
        let packages = Set(names.filter { $0 != "counter" }).sorted()
        guard !names.isEmpty else { return nil }
        guard !packages.isEmpty else { return "a package was merged" }
        return packages.prefix(3).joined(separator: ", ") + (packages.count > 3 ? " …" : "") + " changed"
    }
}

import Posix
import Testbed
import Testing

/// What a machine records of an installed package, without what differs between any two merges.
struct Record: Equatable, Sendable {
    /// The fields of var/db/pkg by name; the environment without variables of the moment.
    let fields: [String: String]
    /// The installed files: path and content, without times.
    let contents: [String]

    /// Fields that tell when, how often, and from which bytes before stripping a package was merged.
    static let ignored: Set<String> = [
        "BUILD_TIME", "COUNTER", "SIZE", "CONTENTS", "BUILD_ID", "BINPKGMD5", "metadata",
    ]
}

extension Machine {
    /// The record of an installed package.
    func record(of cpv: String) async throws -> Record {
        var fields: [String: String] = [:]
        for name in try Files.list(path("var/db/pkg/\(cpv)")) where !Record.ignored.contains(name) {
            if name == "environment.bz2" {
                let output = try await run(["bzip2", "-dc", "\(prefix)/var/db/pkg/\(cpv)/\(name)"])
                fields[name] = output.stdout
            } else {
                fields[name] = try read("var/db/pkg/\(cpv)/\(name)")
            }
        }
        let contents = try read("var/db/pkg/\(cpv)/CONTENTS").split(separator: "\n").map { line in
            line.hasPrefix("dir ") ? String(line) : line.split(separator: " ").dropLast().joined(separator: " ")
        }
        return Record(fields: fields, contents: contents.sorted())
    }

    /// What the file system says of the files of a package: mode, owners, names, targets, and content.
    func files(of cpv: String) async throws -> [String] {
        let script = """
            import hashlib, os, re, stat, sys
            for line in open(sys.argv[1], encoding="utf-8", errors="surrogateescape"):
                match = re.match(r"(?:dir|obj|sym) (.*?)(?: -> .*| [0-9a-f]{32} \\d+)?$", line.rstrip("\\n"))
                path = match.group(1)
                status = os.lstat(path)
                text = f"{path} {status.st_mode:o} {status.st_uid}:{status.st_gid}"
                if stat.S_ISLNK(status.st_mode):
                    text += " " + os.readlink(path)
                elif stat.S_ISREG(status.st_mode):
                    digest = hashlib.file_digest(open(path, "rb"), "sha256").hexdigest()
                    text += f" {status.st_nlink} {status.st_size} {digest}"
                print(text.encode("utf-8", "backslashreplace").decode())
            """
        let output = try await run(
            ["python", "-c", script, "\(prefix)/var/db/pkg/\(cpv)/CONTENTS"], timeout: .seconds(600))
        guard output.succeeded else { throw TestbedError.command("files of \(cpv)", reason: output.text) }
        return output.stdout.split(separator: "\n").map(String.init).sorted()
    }

    /// The saved environments of a package: that of var/db/pkg, and that of its package file, if there is one.
    func environments(of cpv: String) async throws -> [String] {
        let installed = try await run(["bzip2", "-dc", "\(prefix)/var/db/pkg/\(cpv)/environment.bz2"])
        var texts = [installed.stdout]
        let script = """
            for file in "$1"/var/cache/binpkgs/"${2%-[0-9]*}"/*.gpkg.tar; do
                [[ -e $file ]] || continue
                name=$(tar -tf "$file" | grep metadata.tar | head -1)
                case $name in
                    *.zst) tar -xOf "$file" "$name" | zstd -dc ;;
                    *.xz) tar -xOf "$file" "$name" | xz -dc ;;
                    *.gz) tar -xOf "$file" "$name" | gzip -dc ;;
                    *.bz2) tar -xOf "$file" "$name" | bzip2 -dc ;;
                    *.tar) tar -xOf "$file" "$name" ;;
                esac | tar -xO metadata/environment.bz2 | bzip2 -dc
            done
            """
        let packed = try await run(["bash", "-c", script, "bash", prefix, cpv])
        if packed.succeeded, !packed.stdout.isEmpty { texts.append(packed.stdout) }
        return texts
    }
}

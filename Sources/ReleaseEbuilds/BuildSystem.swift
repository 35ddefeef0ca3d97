import PortageAPI
import TOMLKit

/// How a source archive is built, seen from the files at its top.
enum BuildSystem: String, Sendable, CaseIterable {
    case cargo, cmake, meson, go, configure, autotools, make

    /// Files whose text is needed to tell, or to write the ebuild.
    static let wanted = ["Cargo.lock", "Cargo.toml", "go.mod", "go.sum", "GNUmakefile", "makefile", "Makefile"]

    /// Recognises it; the kinds that bring everything with them come first.
    init(_ content: ArchiveContent) throws(ReleaseError) {
        let names = Set(content.names)
        if names.contains("Cargo.toml") {
            self = .cargo
        } else if names.contains("go.mod") {
            self = .go
        } else if names.contains("meson.build") {
            self = .meson
        } else if names.contains("CMakeLists.txt") {
            self = .cmake
        } else if names.contains("configure") {
            self = .configure
        } else if names.contains("configure.ac") || names.contains("configure.in") {
            self = .autotools
        } else if !names.isDisjoint(with: ["GNUmakefile", "makefile", "Makefile"]) {
            self = .make
        } else if names.contains("pyproject.toml") || names.contains("setup.py") {
            throw ReleaseError(.refused, "it is a Python project", hint: "try: fastrel pypi NAME")
        } else {
            throw ReleaseError(.refused, "no build system is recognised (files: \(Self.some(content.names)))")
        }
        try refuseUnvendored(content)
    }

    private static func some(_ names: [String]) -> String {
        singleLine(names.prefix(12).joined(separator: " "), limit: 160)
    }

    /// Crates and modules that the archive does not have would need a Manifest line each, whose size nobody states.
    private func refuseUnvendored(_ content: ArchiveContent) throws(ReleaseError) {
        let hasVendor = content.names.contains("vendor/")
        switch self {
        case .cargo:
            guard let lock = content.files["Cargo.lock"] else {
                throw ReleaseError(.refused, "it has Cargo.toml, but no Cargo.lock that says which crates it needs")
            }
            guard let table = try? TOMLTable(string: lock) else {
                throw ReleaseError(.refused, "Cargo.lock is not TOML")
            }
            var crates = 0
            for item in table["package"]?.array ?? TOMLArray() where item.table?["source"] != nil { crates += 1 }
            if crates > 0 {
                throw ReleaseError(.refused, "it needs \(crates) crates, which are not in the archive")
            }
        case .go:
            let needsModules = (content.files["go.sum"] ?? "").contains("h1:")
            if needsModules, !hasVendor {
                throw ReleaseError(.refused, "it needs Go modules, which are not in the archive (no vendor/)")
            }
        default: break
        }
    }

    /// Fills in what the ebuild needs to build this way.
    func complete(_ ebuild: inout Ebuild) {
        switch self {
        case .cargo:
            ebuild.settings.append("CRATES=\"\"")
            ebuild.settings.append("")
            ebuild.eclasses = ["cargo"]
        case .cmake: ebuild.eclasses = ["cmake"]
        case .meson: ebuild.eclasses = ["meson"]
        case .go:
            ebuild.eclasses = ["go-module"]
            ebuild.functions = [
                "src_compile() {\n\tmkdir -p bin || die\n\tego build -o bin/ ./...\n}",
                "src_install() {\n\tdobin bin/*\n}",
            ]
        case .configure: break
        case .autotools:
            ebuild.eclasses = ["autotools"]
            ebuild.functions = ["src_prepare() {\n\tdefault\n\teautoreconf\n}"]
        case .make:
            ebuild.eclasses = ["toolchain-funcs"]
            ebuild.functions = [
                "src_configure() {\n\ttc-export AR CC CXX\n}",
                "src_compile() {\n\temake CC=\"${CC}\" CXX=\"${CXX}\" CFLAGS=\"${CFLAGS}\" CXXFLAGS=\"${CXXFLAGS}\" "
                    + "LDFLAGS=\"${LDFLAGS}\"\n}",
                "src_install() {\n\temake DESTDIR=\"${D}\" PREFIX=\"${EPREFIX}/usr\" prefix=\"${EPREFIX}/usr\" "
                    + "install\n\teinstalldocs\n}",
            ]
        }
    }
}

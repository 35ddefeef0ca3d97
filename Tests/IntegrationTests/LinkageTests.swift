import Glibc
import Subprocess
import SystemPackage
import Testbed
import Testing

/// What the phases of emerge run needs Glibc and nothing else, and has an interpreter: Gentoo's sandbox would trace a
/// program without one and lose its children.
@Suite struct LinkageTests {
    @Test(arguments: ["portage-hook", "distcc-guard"]) func onlyGlibcIsNeeded(_ name: String) async throws {
        let folder =
            getenv("PORTMANTEAU_HOTDIR").map { String(cString: $0) } ?? Testbed.checkout + "/.build-hot/release"
        let result = try await Subprocess.run(
            .path("/usr/bin/readelf"), arguments: ["-W", "-l", "-d", "\(folder)/\(name)"],
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        let text = result.standardOutput
        let needed = text.split(separator: "\n").filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.prefix { $0 != "]" } }
        #expect(!needed.isEmpty, "\(folder)/\(name): make hot builds it")
        for library in needed {
            #expect(library.hasPrefix("libc.so.") || library.hasPrefix("libm.so.") || library.hasPrefix("ld-linux"))
        }
        #expect(text.contains("INTERP"))
        #expect(!text.contains("RUNPATH") && !text.contains("RPATH"))
    }
}

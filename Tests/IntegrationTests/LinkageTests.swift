import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

/// What the phases of emerge run needs Glibc and nothing else, and is no fully static program, which Gentoo's sandbox
/// would have to trace.
@Suite struct LinkageTests {
    private func readelf(_ option: String) async throws -> String {
        let folder = try #require(
            ProcessEnvironment.variable("PORTMANTEAU_HOTDIR"), "make test names the folder of the hot programs")
        let result = try await run(
            .path("/usr/bin/readelf"), arguments: ["-W", option, folder + "/portage-hook"],
            output: .string(limit: 1 << 20))
        #expect(result.terminationStatus.isSuccess)
        return result.standardOutput
    }

    @Test func theHookNeedsGlibcOnly() async throws {
        let needed = try await readelf("-d").split(separator: "\n").compactMap { line -> Substring? in
            guard line.contains("(NEEDED)"), let start = line.firstIndex(of: "["), let end = line.lastIndex(of: "]")
            else { return nil }
            return line[line.index(after: start)..<end]
        }
        #expect(needed.contains("libc.so.6"))
        #expect(Set(needed).isSubset(of: ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"]))
    }

    @Test func theHookHasAnInterpreterAndNoRunPath() async throws {
        #expect(try await readelf("-l").contains("INTERP"))
        let dynamic = try await readelf("-d")
        #expect(!dynamic.contains("RUNPATH") && !dynamic.contains("RPATH"), "\(dynamic)")
    }
}

import Glibc
import Posix
import Sandbox
import Testbed
import Testing

/// Mounts that a program holds, with a program that mounts a file system in memory.
@Suite struct HeldMountTests {
    private struct Refused: Error, Equatable {}

    private func withPlace<R>(_ body: (String) async throws -> R) async throws -> R {
        try await ScratchDirectory.with { try await body($0.path) }
    }

    private func program(_ place: String, then script: String) -> HeldMount {
        HeldMount(
            command: ["/bin/bash", "-c", "mount -t tmpfs held \"$1\" && \(script)", "program", place], place: place,
            seconds: 10)
    }

    private func users(of place: String) -> [String] {
        ((try? Files.list("/proc")) ?? []).filter { name in
            Int(name) != nil && ((try? Files.readText("/proc/\(name)/mountinfo")) ?? "").contains(" \(place) ")
        }
    }

    @Test func onlyTheBodySeesTheMount() async throws {
        try await withPlace { place in
            let outcome = try await program(place, then: "echo inside > \"$1/file\"; exec sleep 1000").hold { process in
                for _ in 0..<100 where users(of: place).isEmpty { try? await Task.sleep(for: .milliseconds(20)) }
                #expect(!Files.exists(place + "/file"))
                var sandbox = SandboxCommand()
                sandbox.mountsOfProcess = process
                sandbox.steps = [.readOnly("/", at: "/"), .readOnly(place, at: "/mnt")]
                sandbox.environment = ["PATH": "/usr/bin:/bin"]
                let code = try? await sandbox.run(["grep", "-q", "inside", "/mnt/file"], seconds: 20) { _ in }
                return Result<Int32?, Refused>.success(code)
            }
            #expect(outcome == .success(0))
            for _ in 0..<100 where !users(of: place).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            #expect(users(of: place) == [])
        }
    }

    @Test func theEndOfTheProgramEndsTheBody() async throws {
        try await withPlace { place in
            let mount = program(place, then: "sleep 0.3; echo 'the peer is gone' >&2")
            await #expect(throws: HeldMountError.lost(reason: "the peer is gone")) {
                _ = try await mount.hold { _ -> Result<Int, Refused> in
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                    return .failure(Refused())
                }
            }
        }
    }

    @Test func aProgramThatDoesNotMountSaysWhy() async throws {
        try await withPlace { place in
            let mount = HeldMount(command: ["/bin/bash", "-c", "echo 'no such peer' >&2; exit 1"], place: place)
            await #expect(throws: HeldMountError.notMounted(reason: "no such peer")) {
                _ = try await mount.hold { _ in Result<Int, Refused>.success(1) }
            }
        }
    }

    @Test func anErrorOfTheBodyIsItsOwn() async throws {
        try await withPlace { place in
            let outcome = try await program(place, then: "exec sleep 1000").hold { _ in
                Result<Int, Refused>.failure(Refused())
            }
            #expect(outcome == .failure(Refused()))
        }
    }
}

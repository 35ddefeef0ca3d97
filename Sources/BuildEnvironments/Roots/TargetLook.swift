import BinpkgModel
import Posix
import Sandbox

/// What a target is at one moment, read over a connection of its own without caches.
struct TargetLook: Sendable {
    /// What is installed and configured.
    let stamp: RootStamp
    /// Its processor; nil when it cannot be read, or is none that is told apart.
    let processor: Processor?
}

extension SSHTarget {
    /// Looks at the machine.
    func look(eprefix: String, workspace: String) async throws(BuildError) -> TargetLook {
        let place = workspace + "/root"
        do {
            try Files.removeTree(workspace)
            try Files.makeDirectories(place)
        } catch {
            throw .failed(reason: "\(error)")
        }
        let command = try await mountCommand(at: place, isDirect: true)
        let outcome: Result<TargetLook, BuildError>
        do {
            outcome = try await HeldMount(command: command, place: place).hold { process in
                do throws(BuildError) {
                    let root = MountedRoot(directory: place, process: process)
                    let stamp = try await RootStamp.read(root, eprefix: eprefix, workspace: workspace + "/stamp")
                    return .success(TargetLook(stamp: stamp, processor: await Self.processor(place, process)))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .notMounted(let reason): throw .unusableHost(reason: "cannot read the root of \(self): \(reason)")
            case .lost(let reason): throw .failed(reason: "the connection to \(self) was lost: \(reason)")
            }
        }
        return try outcome.get()
    }

    /// `/proc` of the machine is below its root, too.
    private static func processor(_ place: String, _ process: Int32) async -> Processor? {
        var sandbox = SandboxCommand()
        sandbox.mountsOfProcess = process
        sandbox.steps = [.readOnly("/", at: "/"), .readOnly(place + "/proc", at: "/mnt")]
        sandbox.environment = ["PATH": "/usr/bin:/bin"]
        let output = ByteCollector()
        let code = try? await sandbox.run(["head", "-c", "1000000", "/mnt/cpuinfo"], seconds: 30) {
            await output.append($0)
        }
        return code == 0 ? Processor(cpuinfo: String(decoding: await output.bytes, as: UTF8.self)) : nil
    }
}

import Posix
import Subprocess
import SystemPackage

/// An image of podman or docker, whose root is taken out once; no container is ever run.
public struct ContainerImage: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The image's name, as the engine knows it.
    public var name: String
    /// The engine's program with its own options: `podman`, `docker`, `podman --root DIR`.
    public var engine: [String]

    /// An image of an engine.
    public init(name: String, engine: [String] = ["podman"]) {
        self.name = name
        self.engine = engine
    }

    /// The image's name.
    public var description: String { name }

    /// The longest that one command of the engine may take, in seconds.
    private static let seconds = 1800

    /// What the image is now: a name can be given to another one.
    func identity() async throws(BuildError) -> String {
        let id = try await ask(["image", "inspect", "--format", "{{.Id}}", "--", name])
        let digest = id.split(separator: ":").last.map(String.init) ?? ""
        guard digest.utf8.count >= 12, digest.allSatisfy(\.isHexDigit) else {
            throw .unusableHost(reason: "\(engine[0]) gave no identity of the image \(name.printable)")
        }
        return digest
    }

    /// The directory of the image's root below a library; it is made when it is not there.
    func unpacked(id: String, library: String, scratch: String) async throws(BuildError) -> String {
        let root = "\(library)/image-\(id)"
        if Files.exists(root) { return root }
        let tarball = scratch + ".tar"
        do {
            try Files.makeDirectories(scratch)
        } catch {
            throw .failed(reason: "\(error)")
        }
        let container = try await ask(["create", "--", name, "/bin/true"])
        let made = String(container.split(whereSeparator: \.isNewline).last ?? "")
        let outcome: Result<String, BuildError>
        do throws(BuildError) {
            _ = try await ask(["export", "--output", tarball, made])
            let archive = RootArchive(tarball: tarball, library: library)
            outcome = .success(try await archive.unpacked(hash: "image-\(id)", scratch: scratch))
        } catch {
            outcome = .failure(error)
        }
        _ = try? await ask(["rm", made])
        try? Files.removeTree(tarball)
        return try outcome.get()
    }

    /// Runs the engine, and returns what it prints.
    private func ask(_ arguments: [String]) async throws(BuildError) -> String {
        guard let program = engine.first else { throw .unusableHost(reason: "the engine of \(name) has no name") }
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        do {
            let result = try await run(
                program.hasPrefix("/") ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(Array(engine.dropFirst()) + arguments), platformOptions: platform,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard result.terminationStatus.isSuccess else {
                let reason = result.standardError.split(whereSeparator: \.isNewline).last.map(String.init)
                throw BuildError.unusableHost(
                    reason: "\(program) \(arguments[0]) of the image \(name.printable): \(reason ?? "it failed")")
            }
            return result.standardOutput.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
        } catch let error as BuildError {
            throw error
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .unusableHost(reason: "cannot run \(program), which the source 'image' needs: \(error)")
        }
    }
}

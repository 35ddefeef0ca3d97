internal import BinpkgModel
internal import BuildEnvironments
internal import GRDB
internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Posix

/// Whether the service is there, whether it works, and how to speak with it: what everybody may ask.
extension Routes {
    /// Adds `GET /v1/ping`, `/v1/health` and `/v1/openapi.json`.
    func addHealth(to router: Router<ServiceContext>) {
        router.get("/v1/ping") { _, _ in Response(status: .noContent) }
        router.get("/v1/health") { _, _ in try await health() }
        router.get("/v1/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))
        }
    }

    private struct Health: Encodable {
        let status: String
    }

    private func health() async throws -> Response {
        if let reason = await service.trouble() {
            throw ProblemDocument(title: "not healthy", status: 503, detail: reason, retryAfter: 30)
        }
        return try JSONAnswer.response(Health(status: "ok"))
    }
}

extension BuildService {
    /// What keeps the service from doing its work, for everybody to read; nil when nothing does.
    func trouble() async -> String? {
        let state = configuration.stateDirectory
        guard Files.exists(state + "/store.sqlite") else { return "the store is gone" }
        do {
            try await store.write { try $0.execute(sql: "SELECT 1") }
        } catch {
            logger.error("the store cannot be written", metadata: ["error": "\(error)"])
            return "the store cannot be written"
        }
        var disk = statvfs()
        guard statvfs(state, &disk) == 0 else { return "the state directory cannot be read" }
        let free = disk.f_bavail.multipliedReportingOverflow(by: UInt(disk.f_frsize)).partialValue
        return free < UInt(max(configuration.buildLimits.reserve, 0)) ? "there is too little space on the disk" : nil
    }
}

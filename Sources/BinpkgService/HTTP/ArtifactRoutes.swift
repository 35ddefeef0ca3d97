internal import BinpkgModel
internal import HTTPTypes
internal import Hummingbird

/// Packages by key.
extension Routes {
    func addArtifacts(to router: Router<ServiceContext>) {
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/v1/artifacts/:id", method: method) { request, context in
                try await artifact(request, context)
            }
        }
    }

    /// What an artifact's name stands for never changes, so its hash is the tag, and it may be kept for ever.
    private func artifact(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let id = try id(context)
        guard let artifact = try await service.store.artifact(id, for: context.caller.domain),
            let file = service.packages.open(id)
        else {
            throw ProblemDocument(title: "not found", status: 404, detail: "there is no package of this name")
        }
        guard file.size == artifact.size else { throw Self.damaged }
        service.uses.note(id)
        return FileResponse(
            file: file, tag: artifact.sha256, modified: Int(artifact.built), type: "application/x-tar",
            digest: artifact.sha256
        ).response(to: request)
    }

    /// Said of a package that is not what was stored.
    static let damaged = ProblemDocument(
        title: "damaged", status: 500, detail: "the file on the service's disk is not the package that was stored")
}

internal import BinpkgModel
internal import HTTPTypes
internal import Hummingbird

/// The public binhosts, as a plain emerge reads them.
extension Routes {
    func addBinhosts(to router: Router<ServiceContext>) {
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/binhost/:name/**", method: method) { request, context in
                try await binhost(request, context)
            }
        }
    }

    private func binhost(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let nothing = ProblemDocument(title: "not found", status: 404, detail: "no binhost has such a file")
        let name = try context.parameters.require("name")
        // A path is only compared with those that were given out: nothing of it gets to the file system.
        let path = Self.decoded(context.parameters.getCatchAll().joined(separator: "/"))
        guard let binhost = service.configuration.binhosts.first(where: { $0.name == name }),
            path.utf8.allSatisfy({ $0 > 32 && $0 != 127 })
        else { throw nothing }
        // Also where there are no tokens, and everybody on this machine may use the rest of the service.
        if binhost.needsToken, context.caller.token == nil { throw AccessRefusal(reason: nil, isPlain: true) }
        if path == "Packages" || path == "Packages.gz" {
            let isCompressed = path == "Packages.gz"
            guard let (file, timestamp) = try await service.indexFile(name, compressed: isCompressed) else {
                throw nothing
            }
            return FileResponse(
                file: file, tag: "\(timestamp)\(isCompressed ? "-gz" : "")", modified: timestamp,
                type: isCompressed ? "application/gzip" : "text/plain; charset=utf-8",
                lead: Self.lead(of: request)
            ).response(to: request)
        }
        guard let artifact = try await service.store.artifact(of: name, path: path),
            let file = service.packages.open(artifact.id)
        else { throw nothing }
        guard file.size == artifact.size else { throw Self.damaged }
        service.uses.note(artifact.id)
        return FileResponse(
            file: file, tag: artifact.sha256, modified: file.modified, type: "application/x-tar",
            digest: artifact.sha256
        ).response(to: request)
    }

    /// By how many seconds the time that a client sends is later than that of its index. Portage adds five; taken as they
    /// stand, they would hide a change that came five seconds after the one it has.
    private static func lead(of request: Request) -> Int {
        request.headers[.userAgent] == "Gentoo Portage" ? 5 : 0
    }

    /// A path with `%2B` as the byte that it means. What is not encoded well stays as it is, and so is not found.
    private static func decoded(_ path: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

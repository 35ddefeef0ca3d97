internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The page: three files that ask the interface of `/v1` like any other program.
///
/// It holds nothing of the service and may be read by everybody; what it asks for needs a token where the service wants
/// one.
enum PageRoutes {
    /// Where the files are.
    static let paths: Set = ["/", "/page.css", "/page.js", "/log.js"]

    /// Adds the files.
    static func add(to router: Router<ServiceContext>) {
        let files: [(path: RouterPath, type: String, bytes: [UInt8])] = [
            ("/", "text/html; charset=utf-8", PackageResources.index_html),
            ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
            ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
            ("/log.js", "text/javascript; charset=utf-8", PackageResources.log_js),
        ]
        for file in files {
            router.get(file.path) { _, _ in response(file.type, file.bytes) }
        }
    }

    private static func response(_ type: String, _ bytes: [UInt8]) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff"]
        headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

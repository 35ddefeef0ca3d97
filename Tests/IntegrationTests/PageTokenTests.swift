import Testbed
import Testing

/// The service's page in a real browser, where the service wants a token.
@Suite struct PageTokenTests {
    private static let isAsking =
        "!document.getElementById('access').hidden && document.getElementById('content').hidden"
    private static let isOpen = "document.getElementById('access').hidden && !document.getElementById('content').hidden"

    private func token(_ server: Machine, _ arguments: String...) async throws -> String {
        let output = try await server.run([server.prefix + "/usr/bin/binpkgd", "token"] + arguments)
        try #require(output.succeeded, "\(output.text)")
        return output.stdout.filter { !$0.isWhitespace }
    }

    /// Types a token and sends it.
    private func give(_ token: String, to page: Browser) async throws {
        _ = try await page.run(
            """
            document.getElementById('token').value = '\(token)'; document.querySelector('#access button').click()
            """)
    }

    private func says(_ text: String, _ page: Browser) async throws -> Bool {
        try await page.wait(for: "document.getElementById('health').textContent.includes('\(text)')")
    }

    @Test func aTokenOpensThePageForItsTab() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("page-token") { server in
            try await server.installPortmanteau(enable: false)
            try server.addSlowPackage()
            let service = try await server.startService()
            do {
                let client = ServiceClient(machine: server, url: service.url)
                let built = try await client.ask("app-demo/hello-1.0")
                let id = try #require(built.value("id"))
                _ = try await client.ask("app-slow/snail-1", wait: 0)
                let secret = try await token(server, "add", "--scope", "read", "viewer")
                try await Task.sleep(for: .milliseconds(1100))
                try await firstTab(server, service, secret)
                try await linkedTab(server, service, secret, id)
                #expect(!service.process.log.contains(secret))
            } catch {
                try await service.stop()
                throw error
            }
            #expect(try await service.stop() == 0, "\(service.process.log)")
        }
    }

    private func firstTab(_ server: Machine, _ service: Service, _ secret: String) async throws {
        try await Browser.with(server) { page in
            try await page.visit(service.url)
            #expect(try await page.wait(for: Self.isAsking))
            #expect(try await says("this service wants a token", page))
            // What cannot be a token, and what is none.
            try await give("pmt_…", to: page)
            #expect(try await says("this is no token", page))
            try await give("pmt_wrong", to: page)
            #expect(try await says("this service does not know it", page))
            #expect(try await page.run("return document.querySelectorAll('#builds tr').length") == "0")
            #expect(try await page.run("return document.documentElement.innerText").contains("snail") == false)
            try await give(" \(secret) ", to: page)
            #expect(try await page.wait(for: Self.isOpen))
            #expect(try await page.wait(for: "document.querySelectorAll('#builds tr').length === 2"))
            // A log that is being written is read with the token, too.
            _ = try await page.run("document.querySelector('#queue button').click()")
            let log = "document.getElementById('log').textContent"
            #expect(try await page.wait(for: "/step [0-9]+\\n/.test(\(log))"))
            #expect(try await page.wait(for: "document.getElementById('detail-state').innerText === 'ready'"))
            #expect(try await page.run("return \(log)").contains("step 100\n"))
            // It is kept in the tab, and nowhere else.
            #expect(try await page.run("return sessionStorage.getItem('token')") == secret)
            #expect(try await page.run("return localStorage.length + document.cookie") == "0")
            #expect(try await page.run("return document.getElementById('token').value") == "")
            _ = try await page.run("document.getElementById('close').click(); location.reload()")
            #expect(try await page.wait(for: "\(Self.isOpen) && document.querySelectorAll('#builds tr').length === 2"))
            // The image of the curve comes with it, as all else.
            #expect(try await page.wait(for: "document.getElementById('curve').naturalWidth > 0"))
        }
    }

    /// An address with a request in it is opened once somebody is let in; a token that ends closes the page.
    private func linkedTab(_ server: Machine, _ service: Service, _ secret: String, _ id: String) async throws {
        try await Browser.with(server) { page in
            try await page.visit("\(service.url)/#\(id)")
            #expect(try await page.wait(for: Self.isAsking))
            #expect(try await page.run("return document.getElementById('detail').open") == "false")
            try await give(secret, to: page)
            #expect(try await page.wait(for: "document.getElementById('detail').open"))
            #expect(
                try await page.wait(
                    for: "document.getElementById('detail-title').textContent === 'app-demo/hello-1.0::gentoo'"))
            #expect(try await page.wait(for: "document.getElementById('log').textContent.length > 100"))
            _ = try await token(server, "revoke", "viewer")
            _ = try await page.run("document.getElementById('close').click()")
            #expect(try await page.wait(for: Self.isAsking))
            #expect(try await says("it was revoked", page))
        }
    }
}

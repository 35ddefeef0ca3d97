import Posix
import Testbed
import Testing

/// The service's page in a real browser, with real builds.
@Suite struct PageTests {
    @Test func thePageShowsWhatTheServiceDoes() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("page") { server in
            try await server.installPortmanteau(enable: false)
            try server.addSlowPackage()
            let service = try await server.startService()
            do {
                let client = ServiceClient(machine: server, url: service.url)
                #expect(try await client.ask("lib-demo/score-1.0").value("state") == "ready")
                #expect(try await client.ask("app-demo/broken-1.0").value("state") == "failed")
                try await desktop(server, service, testbed)
                #expect(try await client.ask("app-demo/hello-1.0").value("state") == "ready")
                try await telephone(server, service, testbed)
            } catch {
                try await service.stop()
                throw error
            }
            #expect(try await service.stop() == 0, "\(service.process.log)")
        }
    }

    private func desktop(_ server: Machine, _ service: Service, _ testbed: Testbed) async throws {
        try await Browser.with(server) { page in
            try await page.visit(service.url)
            #expect(try await page.wait(for: "document.querySelectorAll('#builds tr').length === 2"))
            let client = ServiceClient(machine: server, url: service.url)
            _ = try await client.ask("app-slow/snail-1", wait: 0)
            _ = try await client.ask("app-demo/hello-1.0", wait: 0)
            // One is being built, one waits.
            #expect(try await page.wait(for: "document.querySelectorAll('#queue li').length === 2"))
            let queue = try await page.run("return document.getElementById('queue').innerText")
            #expect(queue.contains("app-slow/snail-1::mine") && queue.contains("number 1"), "\(queue)")
            #expect(try await page.run("return document.querySelector('#queue li').className") == "building")
            try await page.screenshot(to: testbed.root + "/page-wide.png")
            // Its log, while it is written.
            _ = try await page.run("document.querySelector('#queue button').click()")
            let live = "/step [0-9]+\\n/.test(document.getElementById('log').textContent)"
            #expect(try await page.wait(for: live))
            #expect(try await page.run("return document.getElementById('detail-state').innerText") == "building")
            try await page.screenshot(to: testbed.root + "/page-log.png")
            // Nothing of a log is markup, and no script of somebody's ran.
            let log = try await page.run("return document.getElementById('log').textContent")
            #expect(log.contains("<img src=x onerror="), "\(log)")
            #expect(try await page.run("return document.querySelectorAll('#detail img').length") == "0")
            #expect(try await page.run("return document.title") == "Portmanteau: binary packages")
            #expect(try await page.wait(for: "document.getElementById('detail-state').innerText === 'ready'"))
            #expect(try await page.run("return document.getElementById('log').textContent").contains("step 100\n"))
            _ = try await page.run("document.getElementById('close').click()")
            // Search and filter.
            #expect(try await page.wait(for: "document.querySelectorAll('#queue li').length === 0"))
            #expect(try await listed(page, search: "SNAIL", state: "", as: "app-slow/snail-1"))
            #expect(try await listed(page, search: "", state: "failed", as: "app-demo/broken-1.0"))
            let failed = try await page.run("return document.querySelector('#builds .message').innerText")
            #expect(failed.contains("build failed"), "\(failed)")
            // What builds left behind, and what other numbers of environments would have given.
            let environments = "document.getElementById('environments').innerText"
            _ = try await page.run("location.reload()")
            #expect(try await page.wait(for: "\(environments).includes('lib-demo/tempo-1.0')"))
            #expect(try await page.wait(for: "document.getElementById('curve').naturalWidth > 0"))
            _ = try await page.run("document.getElementById('environments').scrollIntoView()")
            try await page.screenshot(to: testbed.root + "/page-environments.png")
            #expect(try await page.errors() == [])
        }
    }

    private func telephone(_ server: Machine, _ service: Service, _ testbed: Testbed) async throws {
        try await Browser.with(server, width: 390, height: 844, isTelephone: true) { page in
            try await page.visit(service.url)
            #expect(try await page.wait(for: "document.querySelectorAll('#builds tr').length === 4"))
            #expect(try await page.run("return document.documentElement.scrollWidth <= innerWidth") == "true")
            try await page.screenshot(to: testbed.root + "/page-narrow.png")
            _ = try await page.run("document.querySelector('#builds button').click()")
            #expect(try await page.wait(for: "document.getElementById('log').textContent.length > 100"))
            let fits =
                "const box = document.getElementById('detail').getBoundingClientRect();"
                + "return box.left >= 0 && box.right <= innerWidth"
            #expect(try await page.run(fits) == "true")
            try await page.screenshot(to: testbed.root + "/page-narrow-log.png")
            #expect(try await page.errors() == [])
        }
    }

    /// Narrows the list down, and waits until it has just these packages.
    private func listed(_ page: Browser, search: String, state: String, as names: String) async throws -> Bool {
        _ = try await page.run(
            """
            document.getElementById('search').value = '\(search)'; document.getElementById('state').value = '\(state)';
            document.getElementById('search').dispatchEvent(new Event('input'))
            """)
        return try await page.wait(
            for: "[...document.querySelectorAll('#builds button')].map((b) => b.textContent).join(' ') === '\(names)'")
    }
}

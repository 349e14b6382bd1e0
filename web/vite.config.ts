import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Beside each file its compressed forms, so that serving one costs nothing. */
function precompressed(): Plugin {
  return {
    name: 'precompressed',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue
        const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        if (bytes.length < 1_024) continue
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
        this.emitFile({ type: 'asset', fileName: `${name}.br`, source: brotliCompressSync(bytes, quality) })
        this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(bytes, { level: 9 }) })
      }
    },
  }
}

const backend = process.env.TRADEWIND_URL ?? 'http://localhost:8484'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), precompressed()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // the content security policy allows no data: scripts, styles or fonts
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(['/api', '/v1', '/docs', '/openapi.json'].map((path) => [path, { target: backend }])),
  },
})

/** "npm run gen" writes all generated files, "npm run gen -- --check" fails where one is not as it would be written. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const codes = ['gen-wire.mjs', 'gen-docs.mjs', 'gen-man.mjs', 'gen-schemas.mjs'].map(
  (script) => spawnSync(process.execPath, [join(here, script), ...process.argv.slice(2)], { stdio: 'inherit' }).status,
)
process.exitCode = codes.every((code) => code === 0) ? 0 : 1

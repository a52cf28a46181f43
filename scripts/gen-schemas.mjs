/**
 * Writes config/schemas from the schemas of the code itself, for editors. With --check it writes nothing and fails when what is there is
 * not what would be written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import prettier from 'prettier'
import { jsonSchema, schemaNames } from '../src/specs/schemas.ts'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'config', 'schemas')
const isCheck = process.argv.includes('--check')

const stale = []
for (const name of schemaNames) {
  const file = join(folder, `${name}.schema.json`)
  const options = await prettier.resolveConfig(file)
  const text = await prettier.format(JSON.stringify(jsonSchema(name)), { ...options, parser: 'json' })
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  stale.push(name)
  if (isCheck) continue
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, text)
}
if (!isCheck) console.log(`gen: ${stale.length} schemas changed`)
else if (stale.length > 0) {
  console.error(`gen: config/schemas is stale (${stale.join(', ')}): run "npm run gen" and commit`)
  process.exitCode = 1
}

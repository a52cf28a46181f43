import { command } from '../line/command.ts'

export default command({
  name: 'schema',
  about: 'Print the JSON Schema of a file of work to run, for editors.',
  details:
    'The same files are in config/schemas of the package. Name one in the first line of a YAML file: `# yaml-language-server: $schema=…`.',
  positionals: {
    NAME: { about: 'workload, workload-toml, compose, request or molt-job; workload when left out', optional: true },
  },
  options: {},
  examples: ['schema', 'schema compose', 'schema request'],

  async run({ NAME: asked = 'workload' }, { out }) {
    const { jsonSchema, schemaNames } = await import('../../../specs/schemas.ts')
    const { nameOf } = await import('../line/one-of.ts')
    const schema = jsonSchema(nameOf(asked, schemaNames, 'schema'))
    await out.result(schema, () => [JSON.stringify(schema, null, 2)])
  },
})

import { command } from '../../command.ts'

export default command({
  name: 'operator list',
  about: 'List the operator keys.',
  positionals: {},
  options: {},
  examples: ['operator list', 'operator list --json'],

  async run(_, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('operator.list', {}, signal), (rows, style) =>
      style.table(rows, [
        { head: 'Name', cell: ({ name }) => name },
        { head: 'Key', cell: ({ key }) => key },
        { head: 'Added', cell: ({ addedAt }) => addedAt },
      ]),
    )
    return undefined
  },
})

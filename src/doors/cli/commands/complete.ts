import { command } from '../line/command.ts'
import { offersFor } from '../line/offers.ts'

export default command({
  name: '__complete',
  about: 'Offer what could follow, for the shells.',
  positionals: { words: { about: 'The words so far; the last is the one to complete', optional: true, rest: true } },
  options: {},
  examples: ['__complete -- node in', '__complete -- logs ""'],

  async run({ words }, session) {
    await session.out.result(await offersFor(words, session), (offers) => offers)
    return undefined
  },
})

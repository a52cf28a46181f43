/** Who may come in over TCP: whoever has the token `s3cret`, and whom a state of the mesh knows. */
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { createState, type State } from '../../src/core/state/state.ts'
import { type Identities, identitiesOf } from '../../src/doors/api/identities.ts'
import { tokenCheck } from '../../src/doors/api/token.ts'
import { SignatureDesk } from '../../src/operations/signed/signature-desk.ts'
import { ada } from './control-samples.ts'

export function identitiesFor(state: State = createState(), uses: string[] = []): Identities {
  const now = (): number => Date.now()
  return identitiesOf({
    ...{ self: ada, state: () => state, now },
    checkToken: tokenCheck('s3cret'),
    signatures: new SignatureDesk({
      ...{ state: () => state, verifier: createVerifier(), clock: { now } },
      ...{ parse: (_, input) => input, self: () => 'ada', since: 0 },
    }),
    onUse: (key) => void uses.push(key),
  })
}

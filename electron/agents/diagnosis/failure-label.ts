/** How answers fail, as the rules tell them apart. */
export const failureKinds = ["invalid-json", "wrong-field", "empty", "too-long", "near-miss", "wrong-choice", "other"] as const;
export type FailureKind = (typeof failureKinds)[number];

/** The evaluator's labels (evaluate/failure-profile.ts); only a field's name after "wrong field: " comes from the data. */
const kinds: Readonly<Record<string, FailureKind>> = {
  "not JSON": "invalid-json", "text around the JSON": "invalid-json", "another kind of JSON": "invalid-json",
  "fields too many": "wrong-field",
  "empty": "empty", "loops or too long": "too-long",
  "right but for case, signs or spaces": "near-miss", "right answer with more around it": "near-miss",
  "wrong choice": "wrong-choice", "wrong choice, right for its length": "wrong-choice", "another row's answer": "wrong-choice",
};

export function kindOfLabel(label: string): FailureKind {
  return label.startsWith("wrong field: ") ? "wrong-field" : (Object.hasOwn(kinds, label) ? kinds[label] : undefined) ?? "other";
}

/** What a step came to; or, whatever went wrong, that the table gave no answer that can be trusted. */
export async function unlessAway<Answer>(
  step: () => Promise<Answer>,
): Promise<Answer | { readonly kind: "away"; readonly detail: string }> {
  try {
    return await step();
  } catch (error) {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: "away", detail: detail.slice(0, 200) };
  }
}

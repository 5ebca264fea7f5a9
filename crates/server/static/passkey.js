// Passkeys: the one thing that a browser can do with a script only. Everything else works without.
const state = document.querySelector("[data-passkey]");

const tell = (words) => {
  const place = document.querySelector("[data-passkey-words]");
  place.textContent = words;
  place.hidden = false;
};

const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  // Somewhere else first: the password once more, before a key is added.
  if (!answer.ok && said.next) location.assign(said.next);
  if (!answer.ok) throw new Error(said.message);
  return said;
};

const ask = async (button) => {
  const { passkey: purpose, start, finish } = state.dataset;
  const options = await post(start, {});
  const credential = purpose === "create"
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
  const name = document.querySelector("[data-passkey-name]")?.value ?? "";
  const done = await post(finish, { name, credential: credential.toJSON() });
  location.assign(done.next);
};

if (state && window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  state.hidden = false;
  const button = state.querySelector("button");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask(button);
    } catch (error) {
      const cancelled = error instanceof DOMException;
      tell(cancelled ? "パスキーの操作が取り消されたか、使えるパスキーがありませんでした。もう一度お試しください。" : error.message);
      button.disabled = false;
    }
  });
}

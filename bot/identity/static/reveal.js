// Buttons that show what is typed into a password field, and hide it again before the form is sent.

for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  const reveal = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Ocultar" : "Mostrar";
    button.setAttribute("aria-label", `${button.textContent}: ${field.labels[0].textContent}`);
  };
  button.addEventListener("click", () => reveal(field.type === "password"));
  field.form.addEventListener("submit", () => reveal(false));
  button.hidden = false;
}

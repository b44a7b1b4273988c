// Every sentence about files that came in a conversation.

export const fileTexts = {
  kind: "Archivo",
  kinds: { "application/pdf": "PDF", "image/jpeg": "Foto JPG", "image/png": "Imagen PNG" },
  download: "Descargar",
  downloadOf: (name) => `Descargar ${name}`,
  later: "No hay conexión. Prueba a descargarlo dentro de un momento.",
};

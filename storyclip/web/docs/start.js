// validatorUrl: without null, Swagger UI shows the document to a site of its makers'.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });

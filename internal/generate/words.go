package generate

// Words that names are put together from.
var (
	givenNames = []string{
		"José", "María", "Juan", "Guadalupe", "Íñigo", "Lucía", "Andrés", "Sofía", "Ángel", "Verónica", "Raúl", "Inés", "Óscar", "Belén", "Tomás",
		"Rocío", "Iván", "Mónica", "Félix", "Concepción", "Joaquín", "Úrsula", "Ramón", "Araceli", "Germán", "Noé", "Citlali", "Héctor", "Estéfani", "Martín",
	}
	surnames = []string{
		"García", "Hernández", "Martínez", "López", "González", "Pérez", "Rodríguez", "Sánchez", "Ramírez", "Cruz", "Flores", "Gómez", "Muñoz", "Ibáñez",
		"Núñez", "Peña", "Ordóñez", "Domínguez", "Vázquez", "Bermúdez", "Güemes", "Ávila", "Zúñiga", "Cárdenas", "Ocampo", "Xicoténcatl", "Quiñones", "Téllez",
		"Castañeda", "Benítez", "Salgado", "Astudillo", "Nava", "Trujillo", "Leyva", "Arizmendi", "Figueroa", "Cuevas",
	}
	nicknames = []string{"Gato", "Tigre", "Zurdo", "Coyote", "Norteño", "Tuerto", "Güero", "Pájaro", "Músico", "Profe", "Cachorro", "Ñoño"}
	places    = []string{
		"San Jerónimo", "Peñasco", "Río Hondo", "Tlacotepec", "Las Cruces", "Santa Inés", "El Ciruelo", "Xalpatláhuac", "Mártir", "Cañada Honda", "Zumpango",
		"Nuevo Balsas", "La Unión", "Olinalá", "Tecpan", "Acatlán", "Copala", "Ometepec", "Cuajinicuilapa", "Tixtlancingo",
	}
	bodies     = []string{"Fiscalía", "Secretaría de Gobierno", "Ayuntamiento", "Comisión de Búsqueda", "Juzgado Segundo", "Instituto Catastral"}
	spots      = []string{"Cruce", "Puente", "Cuartel", "Hospital", "Terminal", "Barranca"}
	subjects   = []string{"Operativo", "Detención", "Audiencia", "Licitación", "Marcha", "Bloqueo", "Cateo", "Visita", "Incendio", "Traslado", "Reunión", "Peritaje"}
	publishers = []string{"El Faro del Sur", "La Gaceta", "Diario de la Montaña", "Comisión Estatal", "Radio Ñandú", "Crónica de la Costa"}
)
